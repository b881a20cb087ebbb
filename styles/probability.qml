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
          <item value="0.0" label="0.0" alpha="255" color="#ffffd9"/>
          <item value="0.1" label="0.1" alpha="255" color="#f1faba"/>
          <item value="0.2" label="0.2" alpha="255" color="#d6efb3"/>
          <item value="0.3" label="0.3" alpha="255" color="#abdeb7"/>
          <item value="0.4" label="0.4" alpha="255" color="#73c8bd"/>
          <item value="0.5" label="0.5" alpha="255" color="#40b5c4"/>
          <item value="0.6" label="0.6" alpha="255" color="#2498c1"/>
          <item value="0.7" label="0.7" alpha="255" color="#2072b1"/>
          <item value="0.8" label="0.8" alpha="255" color="#234da0"/>
          <item value="0.9" label="0.9" alpha="255" color="#1f2f87"/>
          <item value="1.0" label="1.0" alpha="255" color="#081d58"/>
        </colorrampshader>
      </rastershader>
    </rasterrenderer>
    <brightnesscontrast brightness="0" contrast="0" gamma="1"/>
    <huesaturation saturation="0" grayscaleMode="0" colorizeOn="0"/>
    <rasterresampler maxOversampling="2"/>
  </pipe>
  <blendMode>0</blendMode>
</qgis>
