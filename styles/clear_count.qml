<!DOCTYPE qgis PUBLIC 'http://mrcc.com/qgis.dtd' 'SYSTEM'>
<qgis version="3.22.0" styleCategories="Symbology">
  <pipe>
    <rasterrenderer type="singlebandpseudocolor" band="1" alphaBand="-1" opacity="1" nodataColor="" classificationMin="0" classificationMax="30">
      <rasterTransparency/>
      <minMaxOrigin>
        <limits>None</limits>
        <extent>WholeRaster</extent>
        <statAccuracy>Estimated</statAccuracy>
      </minMaxOrigin>
      <rastershader>
        <colorrampshader colorRampType="INTERPOLATED" classificationMode="1" clip="0" minimumValue="0" maximumValue="30">
          <item value="0" label="0" alpha="255" color="#7a2a1a"/>
          <item value="1" label="1" alpha="255" color="#fde0c5"/>
          <item value="2" label="2" alpha="255" color="#f5c7a0"/>
          <item value="3" label="3" alpha="255" color="#dcd9a6"/>
          <item value="4" label="4" alpha="255" color="#b5d39d"/>
          <item value="6" label="6" alpha="255" color="#86c596"/>
          <item value="8" label="8" alpha="255" color="#58b38f"/>
          <item value="10" label="10" alpha="255" color="#339b87"/>
          <item value="14" label="14" alpha="255" color="#1c7f7b"/>
          <item value="20" label="20" alpha="255" color="#12636a"/>
          <item value="30" label="30 or more" alpha="255" color="#0d4a59"/>
        </colorrampshader>
      </rastershader>
    </rasterrenderer>
    <brightnesscontrast brightness="0" contrast="0" gamma="1"/>
    <huesaturation saturation="0" grayscaleMode="0" colorizeOn="0"/>
    <rasterresampler maxOversampling="2"/>
  </pipe>
  <blendMode>0</blendMode>
</qgis>
