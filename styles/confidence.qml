<!DOCTYPE qgis PUBLIC 'http://mrcc.com/qgis.dtd' 'SYSTEM'>
<qgis version="3.22.0" styleCategories="Symbology">
  <pipe>
    <rasterrenderer type="singlebandpseudocolor" band="1" alphaBand="-1" opacity="1" nodataColor="" classificationMin="0" classificationMax="1">
      <rasterTransparency/>
      <minMaxOrigin>
        <limits>None</limits>
        <extent>WholeRaster</extent>
        <statAccuracy>Estimated</statAccuracy>
      </minMaxOrigin>
      <rastershader>
        <colorrampshader colorRampType="INTERPOLATED" classificationMode="1" clip="0" minimumValue="0" maximumValue="1">
          <item value="0.0" label="0.0" alpha="255" color="#00224e"/>
          <item value="0.1" label="0.1" alpha="255" color="#083370"/>
          <item value="0.2" label="0.2" alpha="255" color="#35456c"/>
          <item value="0.3" label="0.3" alpha="255" color="#4f576c"/>
          <item value="0.4" label="0.4" alpha="255" color="#666970"/>
          <item value="0.5" label="0.5" alpha="255" color="#7d7c78"/>
          <item value="0.6" label="0.6" alpha="255" color="#948e77"/>
          <item value="0.7" label="0.7" alpha="255" color="#aea371"/>
          <item value="0.8" label="0.8" alpha="255" color="#c8b866"/>
          <item value="0.9" label="0.9" alpha="255" color="#e5cf52"/>
          <item value="1.0" label="1.0" alpha="255" color="#fee838"/>
        </colorrampshader>
      </rastershader>
    </rasterrenderer>
    <brightnesscontrast brightness="0" contrast="0" gamma="1"/>
    <huesaturation saturation="0" grayscaleMode="0" colorizeOn="0"/>
    <rasterresampler maxOversampling="2"/>
  </pipe>
  <blendMode>0</blendMode>
</qgis>
